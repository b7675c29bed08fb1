import { Trouble } from "./notice";

interface Props {
    of: { error: unknown; refetch: () => unknown };
    className?: string;
}

//  What stands where an answer will be: that it is on its way, or why it does not come.
export function Waiting({ of, className = "h-64" }: Props) {
    return of.error === null ? (
        <div className={`skeleton ${className}`} aria-busy="true" />
    ) : (
        <Trouble error={of.error} again={() => of.refetch()} />
    );
}

//  The same where it is all that a page has.
export function WaitingPage({ of }: Pick<Props, "of">) {
    return (
        <div className="wrap pt-14">
            <Waiting of={of} />
        </div>
    );
}
