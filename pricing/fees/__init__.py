"""What the market itself takes, and who bears it: schedules by version, and one function for net and gross."""
