import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

const commonJsEntries = {
  mycontainer: 'runtime/cli/main.ts',
  myimage: 'rootfs/cli/main.ts',
}

/** Bundle the command lines (CommonJS: an ESM start costs more) and the library (ESM) into dist/. */
export async function buildBundles() {
  const entries = Object.entries(commonJsEntries).filter(([, path]) => existsSync(join(root, path)))
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node26',
    outdir: 'dist',
    external: ['koffi', '@koromix/*'],
    logLevel: 'warning',
    minifySyntax: true,
  }
  await build({
    ...shared,
    entryPoints: Object.fromEntries(entries),
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  })
  if (existsSync(join(root, 'runtime/index.ts')))
    await build({
      ...shared,
      entryPoints: { index: 'runtime/index.ts' },
      format: 'esm',
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    })
}
