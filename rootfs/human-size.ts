const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes in powers of 1000, four significant digits or as many as asked: `1.234MB`. */
export function humanSize(bytes: number, digits = 3): string {
  return scaled(bytes, { base: 1000, units: decimalUnits, digits })
}

/** Bytes in powers of 1024, as docker stats shows memory: `1.445MiB`. */
export function humanBinarySize(bytes: number): string {
  return scaled(bytes, { base: 1024, units: binaryUnits, digits: 4 })
}

interface Scale {
  readonly base: number
  readonly units: readonly string[]
  readonly digits: number
}

function scaled(bytes: number, { base, units, digits }: Scale): string {
  let value = bytes
  let unit = 0
  while (value >= base && unit < units.length - 1) {
    value /= base
    unit++
  }
  // As %.4g in C: no trailing zeros, and no exponent below the next unit.
  return `${Number(value.toPrecision(digits))}${units[unit] ?? ''}`
}
