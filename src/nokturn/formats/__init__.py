"""File formats: music <-> bytes. One module a format; `nokturn.formats.base` is what they keep."""
