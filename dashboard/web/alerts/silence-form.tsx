import type { JSX } from 'preact';
import { compileMatchers } from '../../model/alert/matcher.ts';
import type { AlertView } from '../../wire.ts';
import { ask } from '../api.ts';
import { Chips } from '../chips.tsx';
import { nowUnixMs } from '../clock.ts';
import { EditForm, useDraft } from '../edit-form.tsx';
import { ChoiceField, LinesField, TextField } from '../fields.tsx';
import { plural } from '../format.ts';
import { alerts } from '../store.ts';
import { rememberPerson } from './person.ts';
import { DURATIONS, matchersOf, postedSilence, type SilenceDraft } from './silence-draft.ts';

const SHOWN = 5;

type Matched = { readonly alerts: readonly AlertView[] } | { readonly fault: string };

/** What a draft would keep quiet now. */
function matchedBy(draft: SilenceDraft): Matched {
  try {
    const matchers = matchersOf(draft);
    if (matchers.length === 0) return { fault: 'name at least one label, such as host="h1"' };
    const takes = compileMatchers(matchers);
    return { alerts: alerts.value.filter(({ state, labels }) => state !== 'resolved' && takes(labels)) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function Preview({ matched }: { readonly matched: Matched }): JSX.Element {
  if ('fault' in matched) return <p class="muted">{matched.fault}</p>;
  const { alerts: found } = matched;
  return (
    <div class="preview" role="status">
      <strong>Keeps {found.length === 0 ? 'no active alert' : plural(found.length, 'active alert')} quiet</strong>
      {found.slice(0, SHOWN).map(({ fingerprint, labels }) => (
        <Chips key={fingerprint} labels={labels} />
      ))}
      {found.length > SHOWN ? <span>and {found.length - SHOWN} more</span> : null}
    </div>
  );
}

/** Makes or changes a silence, and shows what it keeps quiet before it is saved. */
export function SilenceForm({
  draft: first,
  onDone,
}: {
  readonly draft: SilenceDraft;
  readonly onDone: () => void;
}): JSX.Element {
  const { draft, change, text } = useDraft(first);
  const matched = matchedBy(draft);
  return (
    <EditForm
      label="Silence"
      submit={draft.id === undefined ? 'Silence' : 'Save'}
      disabled={'fault' in matched}
      send={() => {
        rememberPerson(draft.createdBy.trim());
        return ask('POST', '/silences', { body: postedSilence(draft, nowUnixMs.value) });
      }}
      onDone={onDone}
    >
      <LinesField
        label="Alerts with"
        at="matchers"
        placeholder={'host="h1"\nalertname=~"Container.*"'}
        hint="a matcher in each line: =, !=, =~ or !~; all must hold"
        {...text('matchers')}
      />
      <Preview matched={matched} />
      <div class="fields">
        <ChoiceField
          label="From now for"
          value={String(draft.durationMs)}
          options={DURATIONS.map(([durationMs, name]) => [String(durationMs), name])}
          onValue={(durationMs) => {
            change({ durationMs: Number(durationMs) });
          }}
        />
        <TextField label="Your name" at="createdBy" required {...text('createdBy')} />
        <TextField label="Why" at="comment" required {...text('comment')} />
      </div>
    </EditForm>
  );
}
