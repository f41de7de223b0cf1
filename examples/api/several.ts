// Several at once, and one that is stopped by a signal of ours.
import { OperationError, run } from 'mycontainer'

const containers = await Promise.all(
  [1, 2, 3].map((code) => run({ command: ['sh', '-c', `exit ${code}`], network: 'none' })),
)
const ends = await Promise.all(containers.map((container) => container.wait()))
console.log(ends.map(({ exitCode }) => exitCode).join(' '))

const endless = await run({ command: ['sleep', 'infinity'], signal: AbortSignal.timeout(100) })
console.log('killed:', (await endless.wait()).exitCode)

try {
  await run({ command: ['/no/such/program'] })
} catch (error) {
  if (error instanceof OperationError) console.log(error.code, error.exitCode)
}
