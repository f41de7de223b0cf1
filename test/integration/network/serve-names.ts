import { serveNames } from '../../../runtime/network/dns-server.ts'
import { requireNetwork } from '../../../runtime/network/network-store.ts'

// Stands for the command that the engine starts as a network's name server: `serve-names.ts ROOT NETWORK`.

const [root = '', name = ''] = process.argv.slice(2)
const folders = { runDir: `${root}/run`, dataDir: `${root}/data`, root }
await serveNames(folders, requireNetwork(folders, name))
