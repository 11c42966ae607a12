"""What a coordinator and a node say to each other, and over what."""
