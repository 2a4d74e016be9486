"""What music is here: `Score` (what sounds), `Sheet` (what is written), and the bridges between."""
