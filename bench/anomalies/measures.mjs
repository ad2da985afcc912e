/** Measures of a ranking against labels, 1 for an anomaly. */

/** Area under the curve of true against false positives: how often an anomaly is above another row, ties half. */
export function areaUnderCurve(labels, scores) {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    for (let i = from; i < to; i++)
      if (labels[order[i]] === 1) {
        ranks += (from + 1 + to) / 2;
        positives++;
      }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}

/** Mean over anomalies of the share of anomalies among the rows that score at least as high. */
export function averagePrecision(labels, scores) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  let sum = 0;
  let above = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let own = 0;
    while (to < order.length && scores[order[to]] === scores[order[from]]) own += labels[order[to++]];
    above += own;
    sum += (own * above) / to;
    from = to;
  }
  return sum / above;
}
