"""What an operator types: `manage.py serve` and its neighbours."""
