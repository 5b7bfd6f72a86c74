"""Facts: claims with the two periods in which they hold and were believed."""
