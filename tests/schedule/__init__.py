"""Random faults under random work, by seed; afterwards all must be quiet, whole and as the rows say."""
