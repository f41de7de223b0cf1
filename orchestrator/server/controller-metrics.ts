import type { Registry } from 'prom-client'
import type { ControllerCount, ControllerCounts } from '../controllers/controller-counts.ts'

/** Numbers of the controllers; the depth of their queues goes by upstream's name. */
export async function addControllerMetrics(
  registry: Registry,
  counts: ControllerCounts,
): Promise<void> {
  const { Counter, Gauge } = await import('prom-client')
  const add = (
    Metric: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    read: (count: ControllerCount) => number,
  ): void => {
    const metric = new Metric({
      name,
      help,
      labelNames: ['name'],
      registers: [],
      collect() {
        this.reset()
        for (const [controller, count] of counts.all()) this.inc({ name: controller }, read(count))
      },
    })
    registry.registerMetric(metric)
  }
  add(Gauge, 'workqueue_depth', 'Objects that wait for a controller.', (count) => count.depth())
  add(
    Counter,
    'myorch_controller_reconciles_total',
    'Objects that a controller looked at.',
    (count) => count.reconciles,
  )
  add(
    Counter,
    'myorch_controller_failures_total',
    'Times that a controller failed and tried again.',
    (count) => count.failures,
  )
  add(
    Counter,
    'myorch_controller_seconds_total',
    'Time that a controller took.',
    (count) => count.milliseconds / 1000,
  )
}
