"""The report: one page that shows what is in a recording, without anything from outside."""
