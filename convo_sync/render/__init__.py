"""The printer: views into text. It knows no archive and no command line. No text of a meeting drives a terminal.

A module for each thing that is printed, so that a search does not wait for the others.
"""
