"""What each training point is worth to a model that was tested on a buyer's own points, and the split of an amount by that worth."""
