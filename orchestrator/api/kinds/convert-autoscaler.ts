import type { Conversion } from '../kind.ts'
import { isObject, listAt, numberAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'

// autoscaling/v1 knows one metric, the use of CPU. Objects are kept as autoscaling/v2; what v1 cannot show is
// kept through a round trip because v1 writes only change what v1 has.

const cpuMetric = (averageUtilization: number): JsonObject => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

function isCpu(metric: JsonObject): boolean {
  return (
    metric['type'] === 'Resource' &&
    isObject(metric['resource']) &&
    metric['resource']['name'] === 'cpu'
  )
}

export const autoscalerConversion: Conversion = {
  toStored: (object, stored) => {
    const { targetCPUUtilizationPercentage: percentage, ...spec } = object.spec ?? {}
    const metrics = typeof percentage === 'number' ? { metrics: [cpuMetric(percentage)] } : {}
    const status = { ...stored?.status, ...object.status }
    return {
      ...object,
      apiVersion: 'autoscaling/v2',
      spec: { ...stored?.spec, ...spec, ...metrics },
      ...(Object.keys(status).length > 0 ? { status } : {}),
    }
  },
  fromStored: (object: KubeObject) => {
    const { metrics: _metrics, behavior: _behavior, ...spec } = object.spec ?? {}
    const target = listAt(object, ['spec', 'metrics']).find(isCpu)
    const percentage = numberAt(target, ['resource', 'target', 'averageUtilization'])
    const { currentMetrics: _current, conditions: _conditions, ...status } = object.status ?? {}
    return {
      ...object,
      apiVersion: 'autoscaling/v1',
      spec:
        percentage === undefined ? spec : { ...spec, targetCPUUtilizationPercentage: percentage },
      ...(object.status ? { status } : {}),
    }
  },
}
