export interface Import {
  /** As written: `node:fs`, `zod`, `../error.ts`. */
  readonly specifier: string
  /** `import type`: erased, so it loads nothing. */
  readonly isType: boolean
  /** `import()`: loads when called, not when the file does. */
  readonly isLazy: boolean
}

const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm
const statements = /^(?:import|export)\s+(type\s)?(?:[^;'"`()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const calls = /(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g

/**
 * Every import and re-export in a TypeScript source, in the layout that the formatter gives it: a
 * statement starts its line. `typeof import('x')` counts as a type.
 */
export function readImports(source: string): Import[] {
  const code = source.replaceAll(comments, '')
  return [
    ...[...code.matchAll(statements)].map(([, type, specifier = '']) => ({
      specifier,
      isType: type !== undefined,
      isLazy: false,
    })),
    ...[...code.matchAll(calls)].map(([, type, specifier = '']) => ({
      specifier,
      isType: type !== undefined,
      isLazy: type === undefined,
    })),
  ]
}
