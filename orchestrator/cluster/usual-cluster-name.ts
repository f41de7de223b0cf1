/** The name of a cluster that nobody named. */
export const usualClusterName = 'dev'
