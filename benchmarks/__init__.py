"""One file for each measured claim, so that a number in the documentation can be measured again by anybody; never run as tests."""
