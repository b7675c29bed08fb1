import { Go } from "@/ui/go";
import { Nothing } from "@/ui/notice";

export const metadata = { title: "Not here" };

export default function NotFound() {
    return (
        <div className="wrap pt-14">
            <h1 className="sr-only">There is nothing at this address</h1>
            <Nothing title="This lane leads nowhere">
                <p>There is nothing at this address; it may have been somewhere else once, or never.</p>
                <div className="mt-5 flex flex-wrap justify-center gap-3">
                    <Go href="/shop" className="button button-main">
                        Look around
                    </Go>
                    <Go href="/" className="button button-quiet">
                        Back to the gate
                    </Go>
                </div>
            </Nothing>
        </div>
    );
}
