"use client";

import { useActionState, type ReactNode } from "react";
import type { Told } from "./actions";

interface Props {
  readonly action: (told: Told, form: FormData) => Promise<Told>;
  readonly submit: string;
  readonly children?: ReactNode;
}

/** A form that shows what its action tells. It works without scripts, too. */
export function Form({ action, submit, children }: Props): ReactNode {
  const [told, send, waiting] = useActionState(action, {});
  return (
    <form action={send}>
      {children}
      <button disabled={waiting}>{submit}</button>
      {told.text !== undefined && <p role="alert">{told.text}</p>}
    </form>
  );
}
