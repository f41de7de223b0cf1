// Pieces of a command line.

/** `--name value` where there is a value. */
export function word(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, String(value)]
}

export function toggle(name: string, isOn: boolean): string[] {
  return isOn ? [`--${name}`] : []
}

export function each(name: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [`--${name}`, value])
}

export function pairs(name: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => [`--${name}`, `${key}=${value}`])
}
