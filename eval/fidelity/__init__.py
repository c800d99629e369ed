"""What of the source must arrive, and whether it did."""
