"""The demonstration: everybody and everything in it is invented."""
