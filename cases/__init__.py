"""One family's way: the concern, the call, the case, its people, its network and its clock."""
