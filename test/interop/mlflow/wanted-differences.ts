import { type Answer, sorted } from './compare-servers.ts';
import type { Request } from './random-requests.ts';

/** Where our server answers otherwise on purpose. */
export interface WantedDifference {
  readonly reason: string;
  /** Makes both answers alike where that is the only difference. */
  readonly level: (answer: Answer, request: Request) => Answer;
}

export const WANTED_DIFFERENCES: readonly WantedDifference[] = [
  {
    reason: 'an infinite metric stays infinite: MLflow turns it into the largest number there is',
    level: inText((text) => text.replaceAll(/"(-?)Infinity"/g, '$11.7976931348623157e+308')),
  },
  {
    reason: 'there are no workspaces, so no experiment says that it is in one',
    level: inText((text) => text.replaceAll(',"workspace":"default"', '')),
  },
  {
    reason: 'the default experiment is as old as the project, and has no time at which it was made',
    level: inText((text) =>
      text
        .replaceAll(/("mlflow-artifacts:\/experiment with id 0"),"creation_time":"a time"/g, '$1')
        .replaceAll(/("experiment_id":"experiment with id 0"),"last_update_time":"a time"/g, '$1'),
    ),
  },
  {
    reason:
      'a deleted experiment cannot be renamed, which is no fault of the server: 400, since clients repeat 500 for minutes',
    level: (answer) => (answer.says === 'INVALID_STATE' ? { status: 400, says: 'INVALID_PARAMETER_VALUE' } : answer),
  },
  {
    reason: 'a name that another experiment has is told by the code that creating one gives',
    level: (answer, { path }) =>
      path === 'experiments/update' && answer.says === 'BAD_REQUEST'
        ? { ...answer, says: 'RESOURCE_ALREADY_EXISTS' }
        : answer,
  },
  {
    reason: 'versions have their aliases also in searches, and as the latest of a model',
    level: (answer, { path }) =>
      /^(model-versions\/search|registered-models\/(get|search|update))$/.test(path)
        ? inText((text) => text.replaceAll(/"aliases":\["[^\]]*\],/g, ''))(answer)
        : answer,
  },
  {
    reason: 'the runs of a bulk history are in another order, which MLflow leaves to chance',
    level: (answer, { path }) => {
      if (path !== 'metrics/get-history-bulk-interval' || answer.status !== 200) return answer;
      const { metrics = [] } = answer.says as { metrics?: readonly unknown[] };
      return { ...answer, says: { metrics: sorted(metrics) } };
    },
  },
];

function inText(change: (text: string) => string): (answer: Answer) => Answer {
  return (answer) => JSON.parse(change(JSON.stringify(answer))) as Answer;
}
