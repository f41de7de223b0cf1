// In a great cluster a good node is enough, the best is not looked for.
// https://kubernetes.io/docs/concepts/scheduling-eviction/scheduler-perf-tuning/

const leastNodes = 100
const leastPercent = 5

/** After how many nodes that will do the search ends. @param percent zero: by the size of the cluster */
export function sampleSize(nodes: number, percent: number): number {
  if (nodes < leastNodes || percent >= 100) return nodes
  const adaptive = percent > 0 ? percent : Math.max(leastPercent, Math.floor(50 - nodes / 125))
  return Math.max(leastNodes, Math.floor((nodes * adaptive) / 100))
}
