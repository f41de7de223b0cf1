/**
 * A function that computes its value on the first call and keeps it. Schemas are
 * built this way, so that importing one costs nothing until something is validated.
 */
export function once<T>(compute: () => T): () => T {
  let kept: { readonly value: T } | undefined
  return () => (kept ??= { value: compute() }).value
}
