import type { Schema, Schemas } from '../schema.ts'

// metrics.k8s.io is no part of Kubernetes itself: its schemas are in no package that we read, so they stand here.
// https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const metrics = 'io.k8s.metrics.v1beta1'

const usage: Schema = {
  description: 'What was in use, by resource: cores of cpu, bytes of memory.',
  type: 'object',
  additionalProperties: { $ref: 'io.k8s.apimachinery.pkg.api.resource.Quantity' },
}

const head = {
  apiVersion: { description: 'The version of the schema of this object.', type: 'string' },
  kind: { description: 'What this object is.', type: 'string' },
  metadata: { description: 'Name and labels of what was measured.', $ref: `${meta}.ObjectMeta` },
  timestamp: { description: 'When the measured time ended.', $ref: `${meta}.Time` },
  window: { description: 'Over how long it was measured.', type: 'string' },
}

export const metricsSchemas: Schemas = {
  [`${metrics}.NodeMetrics`]: {
    description: 'What a node used a moment ago.',
    type: 'object',
    required: ['timestamp', 'window', 'usage'],
    properties: { ...head, usage },
  },
  [`${metrics}.PodMetrics`]: {
    description: 'What the containers of a pod used a moment ago.',
    type: 'object',
    required: ['timestamp', 'window', 'containers'],
    properties: {
      ...head,
      containers: {
        description: 'Each container that was measured.',
        type: 'array',
        items: { $ref: `${metrics}.ContainerMetrics` },
      },
    },
  },
  [`${metrics}.ContainerMetrics`]: {
    description: 'What one container used.',
    type: 'object',
    required: ['name', 'usage'],
    properties: { name: { description: 'Its name in the pod.', type: 'string' }, usage },
  },
}
