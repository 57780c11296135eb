/** Share of the birds whose species was named rightly. */
export function accuracyOf(actual, predicted) {
  return actual.filter((species, index) => species === predicted[index]).length / actual.length;
}

/** Per species: how often it was named rightly, of those named so (precision) and of those that are (recall). */
export function scoresPerClass(actual, predicted) {
  return [...new Set(actual)].sort().map((species) => {
    const support = actual.filter((name) => name === species).length;
    const named = predicted.filter((name) => name === species).length;
    const right = actual.filter((name, index) => name === species && predicted[index] === species).length;
    const precision = named === 0 ? 0 : right / named;
    const recall = right / support;
    const f1 = right === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { species, precision, recall, f1, support };
  });
}

/** The mean over species, so that a rare one counts as much as a common one. */
export function macroF1(scores) {
  return scores.reduce((sum, score) => sum + score.f1, 0) / scores.length;
}
