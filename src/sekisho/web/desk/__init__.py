"""The desk: the staff's part of the site, behind a sign-in, all of it under `/desk`."""
