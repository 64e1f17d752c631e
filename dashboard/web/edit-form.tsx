import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from './api.ts';
import { Fault } from './facts.tsx';
import { fieldFaults, type FieldFault } from './field-faults.ts';
import { FormFaults } from './fields.tsx';

type TextKey<Draft> = { [Key in keyof Draft]-?: string extends Draft[Key] ? Key : never }[keyof Draft];

/** What is edited, and how a part of it is changed. */
export interface Editing<Draft> {
  readonly draft: Draft;
  readonly change: (part: Partial<Draft>) => void;
  /** What a field of text needs to show and change one part. */
  readonly text: (key: TextKey<Draft>) => TextBinding;
}

interface TextBinding {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** Binds fields to an object that is replaced whenever one of its parts changes. */
export function editing<Draft>(draft: Draft, change: (part: Partial<Draft>) => void): Editing<Draft> {
  return {
    draft,
    change,
    text: (key) => ({
      value: String(draft[key]),
      onValue: (value) => {
        change({ [key]: value } as Partial<Draft>);
      },
    }),
  };
}

/** A draft that a form changes. */
export function useDraft<Draft>(first: Draft): Editing<Draft> {
  const [draft, setDraft] = useState(first);
  return editing(draft, (part) => {
    setDraft((before) => ({ ...before, ...part }));
  });
}

interface EditFormProps {
  /** What is made or changed. */
  readonly label: string;
  readonly submit?: string;
  readonly disabled?: boolean;
  /** Sends what was typed. */
  readonly send: () => Promise<Answer<object>>;
  readonly onDone: () => void;
  /** What is known to be wrong before it is sent; what the server refused comes on top. */
  readonly faults?: readonly FieldFault[] | undefined;
  readonly children: ComponentChildren;
}

/** A form that makes or changes one thing: its fields, why it was not taken, and how it ends. */
export function EditForm({
  label,
  submit = 'Save',
  disabled = false,
  send,
  onDone,
  ...rest
}: EditFormProps): JSX.Element {
  const [answer, setAnswer] = useState<Answer<object> | undefined>(undefined);
  const save = async (): Promise<void> => {
    const given = await send();
    setAnswer(given);
    if (given.ok) onDone();
  };
  const refused = answer?.ok === false ? answer : undefined;
  // What was refused says nothing of what was typed since; what is known now is newer.
  const faults = rest.faults ?? refused?.faults ?? [];
  return (
    <form
      class="form"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <FormFaults.Provider value={fieldFaults(faults)}>{rest.children}</FormFaults.Provider>
      <Fault reason={refused?.reason} />
      <FormEnd submit={submit} disabled={disabled} onCancel={onDone} />
    </form>
  );
}

interface FormEndProps {
  readonly submit: string;
  readonly disabled: boolean;
  readonly onCancel: () => void;
}

function FormEnd({ submit, disabled, onCancel }: FormEndProps): JSX.Element {
  return (
    <div class="form-end">
      <button type="submit" class="button primary" disabled={disabled}>
        {submit}
      </button>
      <button type="button" class="button" onClick={onCancel}>
        Cancel
      </button>
    </div>
  );
}
