export interface DetachWatch {
  /** @returns what goes on to the program, and whether the keys to detach were pressed */
  push(data: Buffer): { readonly passed: Buffer; readonly isDetached: boolean }
}

/** Watch input for a sequence of keys; what may still become it is held back. */
export function watchForKeys(keys: readonly number[]): DetachWatch {
  let matched = 0
  return {
    push(data) {
      if (keys.length === 0) return { passed: data, isDetached: false }
      const passed: number[] = []
      for (const byte of data) {
        if (byte === keys[matched]) {
          matched += 1
          if (matched === keys.length) return { passed: Buffer.from(passed), isDetached: true }
          continue
        }
        passed.push(...keys.slice(0, matched))
        matched = byte === keys[0] ? 1 : 0
        if (matched === 0) passed.push(byte)
        else if (keys.length === 1) return { passed: Buffer.from(passed), isDetached: true }
      }
      return { passed: Buffer.from(passed), isDetached: false }
    },
  }
}
