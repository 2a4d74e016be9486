"""Generation: sampling from a model, under constraints, until a piece stands that is right."""
