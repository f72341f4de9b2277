"""Dates as our readers write them (setting FORMAT_MODULE_PATH = "praticonnect.formats"); French and Hebrew keep Django's."""
