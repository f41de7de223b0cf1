import { OperationError } from '../../native/error.ts'

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
}

/**
 * A quantity of Kubernetes: `500m`, `64Mi`, `1e3`, `2`.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseQuantity(quantity: string | number): number {
  const text = String(quantity)
  const [, digits = '', unit = '-'] =
    /^(\d+(?:\.\d*)?|\.\d+)((?:[eE][+-]?\d{1,2})|[numkMGTPE]|[KMGTPE]i|)$/.exec(text) ?? []
  const exponent = /^[eE](.+)$/.exec(unit)?.[1]
  const factor = exponent === undefined ? factors[unit] : 10 ** Number(exponent)
  if (factor !== undefined) return Number(digits) * factor
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read a quantity',
    { quantity: text.slice(0, 40) },
    { hint: 'Write a number with a unit, such as 500m, 64Mi or 2' },
  )
}
