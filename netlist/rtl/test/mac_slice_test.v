// Test of mac_slice with registers around it: two micro-blocks of one dot product
// through first, commit and last. Expected sums are worked out by hand from
// docs/blocks/mac-array.md, sections 4.2 to 4.5.
`timescale 1ns/1ns
module mac_slice_test;
    reg          clk = 0;
    reg  [71:0]  ifm = 0, weight = 0;
    reg  [143:0] prod = 0;
    reg  [35:0]  sum = 0;
    reg  [39:0]  accin = 0, acc = 0, accout = 0;
    reg  [1:0]   shift = 0;
    reg          newsum = 0, first = 0, fresh = 0, commit = 0, max = 0, counts = 1;
    wire [143:0] prod_next;
    wire [35:0]  sum_next;
    wire [39:0]  acc_next;
    integer      faults = 0;

    mac_slice dut (
        .ifm(ifm), .weight(weight), .prod_next(prod_next), .prod(prod), .shift(shift),
        .newsum(newsum), .sum(sum), .sum_next(sum_next), .first(first), .fresh(fresh),
        .commit(commit), .max(max), .counts(counts), .accin(accin), .acc(acc), .acc_next(acc_next)
    );

    // One clock of each stage, one after the other, for a token.
    task token(input [71:0] a, input [71:0] b, input [1:0] pass, input is_new, is_first, is_fresh, is_commit);
        begin
            ifm = a; weight = b;
            #1 prod = prod_next;
            shift = pass; newsum = is_new;
            #1 sum = sum_next;
            first = is_first; fresh = is_fresh; commit = is_commit;
            #1 acc = acc_next;
        end
    endtask

    task expect_acc(input [39:0] want, input [159:0] what);
        if (acc !== want) begin
            faults = faults + 1;
            $display("mac_slice: %0s: acc %h, want %h", what, acc, want);
        end
    endtask

    wire [71:0] minus_256 = {8{9'h100}};
    wire [71:0] three     = {8{9'd3}};
    wire [71:0] two       = {8{9'd2}};

    initial begin
        // Fresh sums, the extreme product: 8 * (-256)(-256) = 524288.
        token(minus_256, minus_256, 0, 1, 1, 1, 1);
        expect_acc(40'd524288, "extreme");
        // Added to: 524288 - 8 * 256 * 3 = 518144.
        token(minus_256, three, 0, 1, 0, 0, 1);
        expect_acc(40'd518144, "added");
        // Two byte passes: 48 + 48 * 256 = 12336; the first commits nothing.
        token(three, two, 0, 1, 1, 1, 0);
        expect_acc(40'd0, "pass 0");
        token(three, two, 1, 0, 0, 1, 1);
        expect_acc(40'd12336, "pass 1");
        // First and not fresh: from the sums that were read. -5 + 48 = 43.
        accin = -40'd5;
        token(three, two, 0, 1, 1, 0, 1);
        expect_acc(40'd43, "read sums");
        // Pass 3 of a negative sum: -6144 * 2^24, sign kept in 40 bits but cut to 36 before.
        // -6144 * 2^24 = -0x18_0000_0000, which 36 bits (from -0x8_0000_0000 on) cut to -0x8_0000_0000.
        token(minus_256, three, 3, 1, 1, 1, 1);
        expect_acc(40'hF800000000, "cut to 36 bits");
        // Maximum: begins at -2^31, takes a greater sum, ignores pixels outside.
        max = 1; counts = 0;
        token(three, two, 0, 1, 1, 1, 1);
        expect_acc(40'hFF80000000, "maximum outside");
        counts = 1;
        token(minus_256, three, 0, 1, 0, 1, 1);
        expect_acc(-40'd6144, "maximum negative");
        token(three, two, 0, 1, 0, 1, 1);
        expect_acc(40'd48, "maximum greater");
        token(minus_256, three, 0, 1, 0, 1, 1);
        expect_acc(40'd48, "maximum smaller");
        if (faults != 0) $display("FAIL mac_slice: %0d", faults);
        else $display("PASS mac_slice");
        $finish;
    end
endmodule
