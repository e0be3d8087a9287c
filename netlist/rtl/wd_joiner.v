// wd_joiner: joins the symbols of a chunk to quotients. Combinational.
// Page: docs/blocks/weight-decoder.md, steps 10 and 11 of a chunk. A symbol either goes on (the quotient grows by STEP) or ends a quotient.
//
// The number of a quotient is the number of ends before it; its length is the distance from the end before. So nothing is a chain of twelve steps
// except where a tree of counts needs none.
module wd_joiner #(
    parameter STEP  = 1,    // what a symbol that goes on adds: 1 or 2
    parameter WIDTH = 13    // bits of a quotient
) (
    input  wire [11:0]         ends,     // the symbol ends a quotient; 0 from size on
    input  wire [23:0]         extra,    // two bits each: what an ending symbol adds, 0 to 2
    input  wire [3:0]          size,     // symbols: 8 or 12
    input  wire [WIDTH-1:0]    carry,
    input  wire [15:0]         left,     // quotients still wanted
    output wire [12*WIDTH-1:0] quotients,
    output wire [3:0]          number,   // of quotients, at most left
    output wire [WIDTH-1:0]    carry_next
);
    wire [47:0] upto;
    prefix_count count_ends (.x(ends), .upto(upto));

    wire [3:0] total = upto[47:44];
    assign number = (left[15:4] != 12'd0) | (left[3:0] >= total) ? total : left[3:0];

    // where quotient k ends, 15 for the (missing) one before the first
    wire [47:0] at;   // quotient k at 4·(k + 1)
    assign at[3:0] = 4'd15;
    genvar k;
    generate
        for (k = 0; k < 12; k = k + 1) begin : slot
            reg [3:0] place;
            reg [1:0] more;
            integer   i;
            always @* begin
                place = 4'd0;
                more  = 2'd0;
                for (i = k; i < 12; i = i + 1)
                    if (ends[i] & ({28'd0, upto[4*i +: 4]} == k + 1)) begin
                        place = place | i[3:0];
                        more  = more | extra[2*i +: 2];
                    end
            end
            if (k < 11) begin : keep
                assign at[4*(k+1) +: 4] = place;
            end
            wire [3:0] length = place + ~at[4*k +: 4];   // place - (place before) - 1
            wire [4:0] grown  = (STEP == 2 ? {length, 1'b0} : {1'b0, length}) + {3'd0, more};
            if (k == 0) begin : first
                assign quotients[WIDTH-1:0] = carry + {{WIDTH-5{1'b0}}, grown};
            end else begin : later
                assign quotients[WIDTH*k +: WIDTH] = {{WIDTH-5{1'b0}}, grown};
            end
        end
    endgenerate

    // what goes on in the next chunk
    reg [3:0] last;
    integer   n;
    always @* begin
        last = 4'd15;
        for (n = 0; n < 12; n = n + 1)
            if (ends[n]) last = n[3:0];
    end
    wire [3:0] tail = size + ~last;
    wire [4:0] gone = STEP == 2 ? {tail, 1'b0} : {1'b0, tail};
    assign carry_next = (|ends ? {WIDTH{1'b0}} : carry) + {{WIDTH-5{1'b0}}, gone};
endmodule
