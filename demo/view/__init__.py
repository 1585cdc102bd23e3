"""The first view: photos restored in the browser's page of our own."""
