"""What a centre's history teaches: examples from files, training, and measuring. The only place of scikit-learn."""
