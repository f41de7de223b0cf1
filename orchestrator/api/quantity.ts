// Amounts as Kubernetes writes them: 100m, 1.5, 128Mi, 2e3.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

const pattern =
  /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(n|u|m|k|M|G|T|P|E)|(Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d+))?$/

const decimal: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
}
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** Nothing is more, whatever the exponent says: amounts are added and compared. */
const most = 2 ** 63
const bounded = (amount: number): number => Math.max(-most, Math.min(most, amount))

/** @returns the amount in units (cores, bytes), or undefined when the text is no quantity */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return bounded(value)
  if (typeof value !== 'string') return undefined
  const match = pattern.exec(value)
  if (!match) return undefined
  const [, number, suffix, binarySuffix, exponent] = match
  const amount = bounded(Number(number))
  if (suffix !== undefined) return bounded(amount * decimal[suffix]!)
  if (binarySuffix !== undefined)
    return bounded(amount * 1024 ** (binary.indexOf(binarySuffix) + 1))
  return exponent === undefined ? amount : bounded(Number(`${number}e${exponent}`))
}

export const quantityWords =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** An amount as other clusters would write it: cores with thousandths, bytes with the largest unit that fits. */
export function formatQuantity(amount: number, style: 'decimal' | 'bytes'): string {
  if (style === 'decimal') {
    if (Number.isInteger(amount)) return String(amount)
    return `${Math.ceil(Number((amount * 1000).toFixed(6)))}m`
  }
  const whole = Math.ceil(amount)
  const unit = binary.findLastIndex((_name, index) => whole % 1024 ** (index + 1) === 0)
  return unit < 0 || whole === 0 ? String(whole) : `${whole / 1024 ** (unit + 1)}${binary[unit]}`
}
