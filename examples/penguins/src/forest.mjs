import forestLibrary from 'ml-random-forest';

const { RandomForestClassifier } = forestLibrary;

/**
 * Learns the species of the birds. The forest adds, multiplies and divides, and does nothing else with its numbers:
 * IEEE 754 fixes those to the last bit, so the same seed gives the same model on every machine.
 */
export function trainForest(birds, { features, forest }) {
  const classes = [...new Set(birds.map((bird) => bird.species))].sort();
  const classifier = new RandomForestClassifier({
    seed: forest.seed,
    nEstimators: forest.trees,
    maxFeatures: forest.max_features,
    replacement: false,
    noOOB: true,
    treeOptions: { maxDepth: forest.max_depth, minNumSamples: forest.min_samples },
  });
  classifier.train(
    measurementsOf(birds, features),
    birds.map((bird) => classes.indexOf(bird.species)),
  );
  return { classes, features, forest: classifier.toJSON() };
}

/** Takes a model as it was written to disk; gives a function from birds to names of species. */
export function loadForest({ classes, features, forest }) {
  const classifier = RandomForestClassifier.load(forest);
  return (birds) => classifier.predict(measurementsOf(birds, features)).map((index) => classes[index]);
}

function measurementsOf(birds, features) {
  return birds.map((bird) => features.map((feature) => Number(bird[feature])));
}
