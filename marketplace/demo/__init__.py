"""The main job: one whole deal, played by separate people against a real server, on real data."""
