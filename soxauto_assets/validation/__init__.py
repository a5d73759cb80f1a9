"""The contract over a stream of batches, and the checks on a whole data set."""
