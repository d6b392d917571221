"""Names, roles and contracts shared by all of Tapeline. Imports nothing of ours."""
