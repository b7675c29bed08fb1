import type { components } from "@/api/schema";

type Finding = components["schemas"]["queued_review"]["finding"];
type Step = components["schemas"]["review_step"];

export const findings: Record<Finding, string> = {
    word: "a word that is not wanted",
    link: "a link",
    shouting: "it is written in capitals",
    repeats: "the same letter or word over and over",
    said_before: "its author has said the same of another product",
};

//  What moderation did, and why, in a sentence.
export function stepOf(step: Step): string {
    switch (step.turn) {
        case "queued":
            return `Struck: ${step.finding === undefined ? "something" : findings[step.finding]}${step.word === "" ? "" : `, “${step.word}”`}`;
        case "approved":
            return "Everybody may read it";
        case "refused":
            return `Refused: ${step.reason}`;
        case "dropped":
            return "Taken back by its author";
    }
}
