"""Posted prices, tariffs, screening menus, bundles and the regulated ceiling: what a seller announces before a buyer comes."""
