"""What nets are trained on: one file per dataset, found by its file name; a recipe names one."""
