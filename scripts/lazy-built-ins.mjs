import { execFileSync } from 'node:child_process'

// What a bundle imports at its top, a command pays for though it may never use it: node:crypto and
// node:child_process (which the parser of the command line imports) cost 6 ms each. `node:fs`, `node:path` and
// `node:events` are in Node's own start and are left as they are.
const names = [
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'http',
  'http2',
  'https',
  'net',
  'os',
  'readline',
  'sqlite',
  'stream',
  'stream/promises',
  'tls',
  'tty',
  'worker_threads',
  'zlib',
]
const namespace = 'lazy-built-in'

/**
 * An esbuild plugin: built-in modules are loaded when something of theirs is first used.
 * @param {string} node the Node that will run the bundle; it says what its modules export
 * @returns {import('esbuild').Plugin}
 */
export function lazyBuiltIns(node) {
  const exported = exportedNames(node)
  return {
    name: namespace,
    setup(build) {
      build.onResolve(
        { filter: /^(?:node:)?[a-z_0-9]+(?:\/[a-z]+)?$/ },
        ({ path, namespace: from }) => {
          const name = path.replace(/^node:/, '')
          if (!names.includes(name)) return undefined
          if (from === namespace) return { path: `node:${name}`, external: true }
          return { path: name, namespace }
        },
      )
      build.onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: lazyModule(path, exported),
      }))
    },
  }
}

/** @returns {Record<string, string[]>} */
function exportedNames(node) {
  const script = `const names = ${JSON.stringify(names)}
    const keys = (name) => Object.keys(require('node:' + name))
    console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, keys(name)]))))`
  return JSON.parse(execFileSync(node, ['--no-warnings', '-e', script], { encoding: 'utf8' }))
}

function lazyModule(name, exported) {
  const getters = exported[name].map(
    (key) => `get ${JSON.stringify(key)}() { return use()[${JSON.stringify(key)}] }`,
  )
  return `let loaded
const use = () => (loaded ??= require('node:${name}'))
module.exports = { ${getters.join(', ')} }`
}
