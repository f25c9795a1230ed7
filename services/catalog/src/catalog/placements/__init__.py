"""Which works are in which menus, as menus tells."""
